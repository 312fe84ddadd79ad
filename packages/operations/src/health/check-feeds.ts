import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Manifest, listFeedFiles } from '@deepwater/core';
import { FeedHealth } from './check-feed.js';
import type { HealthCheck, HealthRequest } from './health-check.js';

/** Every feed whose file can be read. Those that are written are watched for a while, all at once. */
export async function checkFeeds(request: HealthRequest, { storeId, ringDir }: Manifest): Promise<HealthCheck[]> {
  const { basePath } = request;
  const looks = listFeedFiles(basePath).feeds.map(({ uid, spec }) =>
    new FeedHealth({ basePath, storeId, feedUid: uid, spec, ...(ringDir === undefined ? {} : { ringDir: path.join(ringDir, storeId) }) }, request));
  const writing = looks.map((look) => look.begin());
  if (writing.includes(true)) await sleep(request.observeMs);
  const checks: HealthCheck[] = [];
  for (const look of looks) checks.push(...await look.checks());
  return checks;
}
