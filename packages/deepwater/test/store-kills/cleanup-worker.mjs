import './hook.mjs';
import '../../../operations/dist/retention/cleanup-worker.js';
