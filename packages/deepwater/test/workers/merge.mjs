// Merges and joins the feeds of two handles, and tells what came.
import { parentPort, workerData } from 'node:worker_threads';
import { asOf, mergeFeeds } from '../../dist/index.js';

const [trades, quotes] = workerData;
const merged = [...mergeFeeds([trades, { feed: quotes, columns: ['bid'] }])].map(({ source }) => source);
const joined = asOf(trades, quotes, { columns: ['price'], rightColumns: ['bid'] }).allSync().map(([price, bid]) => [bid, price]);
parentPort.postMessage({ merged, joined });
