export { toJson } from '@deepwater/import-export/output';
