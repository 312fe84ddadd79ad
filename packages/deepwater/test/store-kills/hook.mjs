// Loaded first in every thread of a victim: KILL_AT ends the process at a failpoint; REFUSE=n has the device refuse the nth fdatasync
// of a thread that does not wait for it, once.
import '../../../ingest/test/kills/hook.mjs';
import { replaceSystem, system } from '../../../core/dist/engine.js';

let left = Number(process.env['REFUSE'] ?? 0);
if (left > 0) {
  const { fdatasyncAsync } = system.files;
  replaceSystem({
    files: { ...system.files, fdatasyncAsync: async (fd) => {
      if (--left === 0) throw Object.assign(new Error('EIO: fdatasync'), { errno: -5, code: 'EIO', syscall: 'fdatasync' });
      await fdatasyncAsync(fd);
    } },
  });
}
