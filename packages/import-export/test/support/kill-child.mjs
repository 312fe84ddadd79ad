// Imports a file and says so; the parent kills it somewhere on the way.
import { Platform } from 'deepwater';
import { importFiles } from '../../dist/index.js';

const [, , basePath, files, options] = process.argv;
const platform = await Platform.open(basePath, { logLevel: 'silent' });
process.send({ opened: true });
const report = await importFiles(platform, JSON.parse(files), {
  ...JSON.parse(options), onProgress: ({ step, records }) => { if (step === 'importing') process.send({ records }); },
});
await platform.close();
process.send({ added: report.added }, () => { process.disconnect(); });
