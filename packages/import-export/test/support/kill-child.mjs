// Imports a file and says so; the parent kills it somewhere on the way, or it does that itself as soon as it tells of so many records (the last argument).
import { Platform } from 'deepwater';
import { importFiles } from '../../dist/index.js';

const [, , basePath, files, options, lastRecords = 'Infinity'] = process.argv;
const platform = await Platform.open(basePath, { logLevel: 'silent' });
process.send({ opened: true });
const report = await importFiles(platform, JSON.parse(files), {
  ...JSON.parse(options), onProgress: ({ step, records }) => {
    if (step !== 'importing') return;
    if (records >= Number(lastRecords)) process.kill(process.pid, 'SIGKILL');
    process.send({ records });
  },
});
await platform.close();
process.send({ added: report.added }, () => { process.disconnect(); });
