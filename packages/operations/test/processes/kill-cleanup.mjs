// A clean-up that kills itself the nth time that it comes to a failpoint. Arguments: source JSON, failpoint, n.
import { onFailpoint } from '@deepwater/core';
import { removeChunks } from '@deepwater/operations';

const [, , source, name, times] = process.argv;
let left = Number(times);
onFailpoint((at) => {
  if (at === name && --left === 0) process.kill(process.pid, 'SIGKILL');
});
await removeChunks(JSON.parse(source), { nowMs: Date.now() + 3.6e12, believed: true, dryRun: false, access: 'owner' });
