// Loaded first in every thread of a victim: ends the process at the nth time that this thread comes to a failpoint.
// KILL_AT is 'name:count'.
import { onFailpoint } from '@deepwater/core/engine';

const [name, count] = (process.env['KILL_AT'] ?? '').split(':');
if (name !== '') {
  let left = Number(count);
  onFailpoint((point) => {
    if (point === name && --left <= 0) process.kill(process.pid, 'SIGKILL');
  });
}
