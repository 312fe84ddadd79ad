import './hook.mjs';
import '../../../ingest/dist/keeper-worker.js';
