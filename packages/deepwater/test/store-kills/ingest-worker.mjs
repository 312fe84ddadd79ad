import './hook.mjs';
import '../../../ingest/dist/ingest-worker.js';
