import './hook.mjs';
import '../../dist/ingest-worker.js';
