import { createClient } from 'redis';

export type RedisConnection = ReturnType<typeof newClient>;

const newClient = (socket: string) => createClient({ RESP: 2, socket: { path: socket, tls: false, reconnectStrategy: false } });

/** A connection that ends with its server: what is sent then, or is under way, is rejected. */
export async function connectRedis(socket: string): Promise<RedisConnection> {
  const client = newClient(socket);
  client.on('error', () => {}); // told by the commands
  await client.connect();
  return client;
}
