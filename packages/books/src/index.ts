/** Order books. */
export {};
