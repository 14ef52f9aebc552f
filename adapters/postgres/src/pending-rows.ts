/** How many events share a row at most. PostgreSQL would move a longer row out of the table, and compress it. */
const mostInRow = 200;

/**
 * The rows of `pending` for the events whose `seq` are in `added`. Each row has the first `seq`, and all of them. One row
 * for each event would leave as many dead rows, which the sequencer passes over until they are removed.
 */
export const pendingRowsSql: string = `
	SELECT min(seq), array_agg(seq ORDER BY seq)
	FROM (SELECT seq, (row_number() OVER (ORDER BY seq) - 1) / ${mostInRow} AS part FROM added) AS added GROUP BY part`;
