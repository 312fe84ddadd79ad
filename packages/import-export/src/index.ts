/** Records from files and into files. */
export {};
