/** The group that a statement is about: `$1` is the form of its names in the index. */
const group = "(SELECT id FROM groups WHERE key = $1)";

/**
 * The statements of one group, each a transaction of its own. A statement that changes a lane locks the row of the lane
 * first and the row of the group last. A statement that changes members, holders or edits increases a revision, and
 * notifies the channel.
 */
export function groupStatements(channel: string): GroupStatements {
	return {
		create: createSql,
		report: reportSql,
		revision: "SELECT id, revision FROM groups WHERE key = $1",
		members: `SELECT ${memberColumns} FROM members LEFT JOIN renewals USING (member) WHERE "group" = ${group} ORDER BY joined`,
		join: telling(channel, "joined", joinSql),
		leave: telling(channel, "gone", leaveSql),
		claim: telling(channel, "claimed", claimSql, "epoch::float8, cursor, ahead, crashes, trying"),
		save: saveSql,
		release: telling(channel, "released", releaseSql),
		delayed: `SELECT cursor, due FROM delayed WHERE "group" = ${group} AND lane = $2 AND due < $3 ORDER BY due, cursor LIMIT $4`,
		deferred: `SELECT ${deferredColumns} FROM deferred WHERE "group" = ${group} AND lane = $2`,
		parked: `SELECT ${deferredColumns} FROM deferred WHERE "group" = ${group} AND due IS NULL AND (lane, id) > ($2::int, $3) ORDER BY lane, id LIMIT $4`,
		counts: countsSql,
		edit: telling(channel, "marked", editSql, "id"),
		rewind: telling(channel, "put", rewindSql, "lane"),
		forget: `DELETE FROM groups WHERE key = $1 AND NOT ${isHeld} RETURNING pg_notify('${channel}', 'g' || id)`,
	};
}

export interface GroupStatements {
	readonly create: string;
	readonly report: string;
	readonly revision: string;
	readonly members: string;
	readonly join: string;
	readonly leave: string;
	readonly claim: string;
	readonly save: string;
	readonly release: string;
	readonly delayed: string;
	readonly deferred: string;
	readonly parked: string;
	readonly counts: string;
	readonly edit: string;
	readonly rewind: string;
	readonly forget: string;
}

/** A statement that tells of a change, if the part of the given name changed something. */
function telling(channel: string, part: string, parts: string, columns = ""): string {
	return `
WITH ${parts}, counted AS (
	UPDATE groups SET revision = revision + 1 WHERE key = $1 AND EXISTS (SELECT FROM ${part}) RETURNING id
), told AS (
	SELECT pg_notify('${channel}', 'g' || id)::text AS told FROM counted
)
SELECT ${columns === "" ? "" : `${columns},`} told FROM ${part} CROSS JOIN told`;
}

const deferredColumns = "lane, id, due, discard, entry";

/** While the server was away, nobody could renew. */
const heardAt = "CASE WHEN at IS NOT NULL THEN greatest(at, pg_postmaster_start_time()) END";

const memberColumns = `member, handles, joined::float8, coalesce(renewal::text, '') AS renewal,
	(extract(epoch FROM clock_timestamp() - ${heardAt}) * 1000)::float8 AS silent`;

/** Whether a present member holds a lane. */
const isHeld = `EXISTS (
	SELECT FROM group_lanes JOIN members ON members."group" = groups.id AND member = holder
	WHERE group_lanes."group" = groups.id
)`;

const createSql = `
WITH made AS (
	INSERT INTO groups (key, topic, name) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING RETURNING id
), filled AS (
	INSERT INTO group_lanes ("group", lane, cursor)
	SELECT id, lane, cursor FROM made CROSS JOIN unnest($4::int[], $5::text[]) AS given (lane, cursor)
)
SELECT FROM made`;

const reportSql = `
SELECT id, revision, (
	SELECT coalesce(json_agg(told ORDER BY joined), '[]') FROM (
		SELECT ${memberColumns} FROM members LEFT JOIN renewals USING (member) WHERE "group" = groups.id
	) AS told
) AS members, (
	SELECT coalesce(json_agg(told ORDER BY lane), '[]') FROM (
		SELECT lane, holder, epoch, cursor, edits FROM group_lanes WHERE "group" = groups.id
	) AS told
) AS lanes
FROM groups WHERE key = $1`;

const joinSql = `joined AS (
	INSERT INTO members ("group", member, handles) SELECT id, $2, $3 FROM groups WHERE key = $1
	ON CONFLICT ("group", member) DO UPDATE SET handles = excluded.handles
	RETURNING member
), renewed AS (
	INSERT INTO renewals (member) SELECT member FROM joined
	ON CONFLICT (member) DO UPDATE SET renewal = renewals.renewal + 1, at = clock_timestamp()
)`;

const leaveSql = `gone AS (
	DELETE FROM members WHERE "group" = ${group} AND member = $2 RETURNING member
), unrenewed AS (
	DELETE FROM renewals USING gone
	WHERE renewals.member = gone.member AND NOT EXISTS (
		SELECT FROM members WHERE member = $2 AND "group" <> ${group}
	)
)`;

/**
 * The rest of the lane's state is read afterwards: this statement may have waited for a save, whose rows it does not
 * see.
 */
const claimSql = `claimed AS (
	UPDATE group_lanes SET holder = $3, epoch = nextval('epochs'),
		crashes = crashes + CASE WHEN holder <> $3 THEN 1 ELSE 0 END
	WHERE "group" = ${group} AND lane = $2 AND epoch = $4
	RETURNING epoch, cursor, ahead, crashes, trying
)`;

/** Saves all changes of a lane, or nothing if the epoch is not the latest. */
const saveSql = `
WITH held AS (
	UPDATE group_lanes SET cursor = coalesce($4, cursor), ahead = coalesce($5, ahead),
		crashes = coalesce($6::int, crashes), trying = CASE WHEN $7 = 'none' THEN NULL ELSE coalesce($7, trying) END
	WHERE "group" = ${group} AND lane = $2 AND epoch = $3
	RETURNING "group"
), settled AS (
	DELETE FROM deferred USING held
	WHERE deferred."group" = held."group" AND lane = $2 AND id = ANY ($8::text[])
), added AS (
	INSERT INTO deferred ("group", lane, id, key, due, discard, entry)
	SELECT "group", $2, id, key, due, discard, entry
	FROM held CROSS JOIN unnest($9::text[], $10::text[], $11::float8[], $12::bool[], $13::text[])
		AS given (id, key, due, discard, entry)
	ON CONFLICT ("group", lane, id) DO UPDATE
	SET key = excluded.key, due = excluded.due, discard = excluded.discard, entry = excluded.entry
), undelayed AS (
	DELETE FROM delayed USING held
	WHERE delayed."group" = held."group" AND lane = $2 AND cursor = ANY ($14::text[])
), later AS (
	INSERT INTO delayed ("group", lane, cursor, due)
	SELECT "group", $2, cursor, due FROM held CROSS JOIN unnest($15::text[], $16::float8[]) AS given (cursor, due)
	ON CONFLICT ("group", lane, cursor) DO UPDATE SET due = excluded.due
)
SELECT FROM held`;

const releaseSql = `released AS (
	UPDATE group_lanes SET holder = NULL, crashes = 0
	WHERE "group" = ${group} AND lane = $2 AND epoch = $3
	RETURNING lane
)`;

const countsSql = `
SELECT (count(*) FILTER (WHERE due IS NOT NULL))::float8 AS retrying,
	(count(*) FILTER (WHERE due IS NULL))::float8 AS parked,
	(SELECT count(*) FROM delayed WHERE "group" = ${group})::float8 AS delayed
FROM deferred WHERE "group" = ${group}`;

/** The parked events that an operator selects: all, or the events with the given ids or keys. */
const isMeant = `due IS NULL AND (
	$3 = 'all' OR $3 = 'ids' AND id = ANY ($4::text[]) OR $3 = 'keys' AND key = ANY ($4::text[])
)`;

const editSql = `edited AS (
	UPDATE group_lanes SET edits = edits + 1
	WHERE "group" = ${group} AND lane IN (SELECT lane FROM deferred WHERE "group" = ${group} AND ${isMeant})
	RETURNING "group", lane
), marked AS (
	UPDATE deferred SET due = 0, discard = $2 FROM edited
	WHERE deferred."group" = edited."group" AND deferred.lane = edited.lane AND ${isMeant}
	RETURNING id
)`;

/** Lanes that are not given are removed, and the given ones get epochs that no lease has. */
const rewindSql = `idle AS (
	SELECT id FROM groups WHERE key = $1 AND NOT ${isHeld} FOR UPDATE
), put AS (
	INSERT INTO group_lanes ("group", lane, cursor)
	SELECT id, lane, cursor FROM idle CROSS JOIN unnest($2::int[], $3::text[]) AS given (lane, cursor)
	ON CONFLICT ("group", lane) DO UPDATE SET cursor = excluded.cursor, epoch = nextval('epochs'), holder = NULL,
		edits = 0, crashes = 0, ahead = '[]', trying = NULL
	RETURNING lane
), gone AS (
	DELETE FROM group_lanes USING idle WHERE "group" = id AND lane <> ALL ($2::int[])
), settled AS (
	DELETE FROM deferred USING idle WHERE "group" = idle.id
), undelayed AS (
	DELETE FROM delayed USING idle WHERE "group" = id
)`;
