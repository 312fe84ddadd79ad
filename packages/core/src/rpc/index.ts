export { exposeService } from './expose-service.js';
export { type Service, type ServiceOptions, type ThreadDeath, spawnService } from './spawn-service.js';
export { transfer } from 'comlink';
