/**
 * The name of the metadata with the position of the event that a command appended, in replies and in the requests of
 * later reads. Unlike other internal metadata, it may come through a gateway from strangers: a browser that has had the
 * reply of a command sends it back with its reads. It lets a read wait, no longer than its deadline, and allows nothing
 * else.
 */
export const positionName = "allium-position";
