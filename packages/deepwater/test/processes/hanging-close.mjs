// Something whose close never comes to an end, as on a disk that hangs. Arguments: how long that may take, and whether others listen to signals.
import { joinProcessEnd } from '../../dist/process-end.js';

const [closeTimeoutMs, others] = process.argv.slice(2);
joinProcessEnd({ onSignals: true, closeTimeoutMs: Number(closeTimeoutMs), close: () => { console.log('closing'); return new Promise(() => {}); }, closeSync() { console.log('closed without waiting'); } });
if (others === 'listen') process.on('SIGTERM', () => {});
process.stdin.on('data', () => process.exit(5));
console.log('ready');
