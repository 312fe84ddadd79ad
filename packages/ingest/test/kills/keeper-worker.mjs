import './hook.mjs';
import '../../dist/keeper-worker.js';
