/** Whether the packages were built for the tests. A program that finds what was built starts in a third of the time. */
export const isBuilt: boolean = Boolean(process.env.ALLIUM_TEST_BUILT);
