import { storeSql } from "./store-tables.ts";

/** Increases with every change of the tables. A schema of an older version is upgraded, one of a newer is refused. */
export const tablesVersion = 5;

/** The first of the two numbers of every advisory lock that Allium takes. */
const lockClass = 1_634_495_593;

/** The channel on which processes that share a schema tell each other of changes. */
export function channelOf(schema: string): string {
	return `allium_${schema}`;
}

/** Lets one process at a time make the tables of a schema, until its transaction ends. */
export function lockSql(schema: string): string {
	return `SELECT pg_advisory_xact_lock(${lockClass}, hashtext('${schema}'))`;
}

/**
 * Makes the tables of a schema where they are missing, and brings those of an older version up to date. To be run in a
 * transaction that holds the lock.
 *
 * @param schemaExists then the user needs no right to make one.
 */
export function tablesSql(schema: string, schemaExists: boolean): string {
	return `
${schemaExists ? "" : `CREATE SCHEMA IF NOT EXISTS ${schema};`}
SET LOCAL search_path TO ${schema};
${versionSql}
${logSql}
${sequencerSql(schema)}
${timesSql}
${retentionSql}
${groupsSql}
${storeSql}
`;
}

/** The identity tells this log from all others. It is random, and a dump keeps it. */
const versionSql = `
CREATE TABLE IF NOT EXISTS allium (version int NOT NULL);
INSERT INTO allium SELECT ${tablesVersion} WHERE NOT EXISTS (SELECT FROM allium);
UPDATE allium SET version = ${tablesVersion};
ALTER TABLE allium ADD COLUMN IF NOT EXISTS identity text NOT NULL DEFAULT md5(random()::text || clock_timestamp() || txid_current());
COMMENT ON TABLE allium IS 'The events of Allium, and the version of the tables beside this one.';
`;

/**
 * Positions are given after the commit, by `sequence_pending`: an event is in `events` with its transaction, and in
 * `log` once it has its position. So a reader by position misses nothing, and no writer waits for another one.
 */
const logSql = `
CREATE TABLE IF NOT EXISTS topics (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	key text COLLATE "C" NOT NULL UNIQUE,
	name text NOT NULL,
	lanes int NOT NULL,
	retain_ms float8,
	retain_bytes float8,
	bytes float8 NOT NULL DEFAULT 0
);
-- What is kept no longer: the last event of each lane.
CREATE TABLE IF NOT EXISTS lanes (
	topic int NOT NULL REFERENCES topics ON DELETE CASCADE,
	lane int NOT NULL,
	gone bigint NOT NULL DEFAULT 0,
	gone_id text COLLATE "C" NOT NULL DEFAULT '',
	PRIMARY KEY (topic, lane)
);
CREATE TABLE IF NOT EXISTS events (
	seq bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
	topic int NOT NULL,
	lane int NOT NULL,
	bytes int NOT NULL,
	key_hash int,
	id text COLLATE "C" NOT NULL,
	key text COLLATE "C",
	text text COLLATE "C" NOT NULL,
	UNIQUE (topic, id)
);
-- Short-lived rows, and few of them: an index would cost more than it saves. Events of one statement share a row, which
-- has all of them in seqs. A row without seqs is one event.
CREATE TABLE IF NOT EXISTS pending (seq bigint NOT NULL);
ALTER TABLE pending ADD COLUMN IF NOT EXISTS seqs bigint[];
CREATE TABLE IF NOT EXISTS counter (
	position bigint NOT NULL,
	at timestamptz NOT NULL DEFAULT clock_timestamp(),
	one bool NOT NULL DEFAULT true PRIMARY KEY CHECK (one)
);
INSERT INTO counter (position) VALUES (0) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS log (
	position bigint NOT NULL,
	seq bigint NOT NULL UNIQUE,
	topic int NOT NULL,
	lane int NOT NULL,
	bytes int NOT NULL,
	key_hash int,
	at timestamptz NOT NULL,
	PRIMARY KEY (topic, lane, position)
);
-- For those who read all lanes of a topic.
CREATE INDEX IF NOT EXISTS log_order ON log (topic, position);
CREATE INDEX IF NOT EXISTS log_keys ON log (key_hash, position) WHERE key_hash IS NOT NULL;
`;

/**
 * Gives pending events their positions, at most so many in one run, unless those of one row alone are more. Returns how
 * many; -1 where another process is doing it. To be called in a READ COMMITTED transaction of its own: each statement
 * then sees what was committed before it began, so that the rows are looked for after the lock was taken.
 */
function sequencerSql(schema: string): string {
	return `
CREATE OR REPLACE FUNCTION sequence_pending(most int) RETURNS int LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
	taken bigint[];
	behind bigint;
	placed_at timestamptz;
	told text;
BEGIN
	IF NOT pg_try_advisory_xact_lock(${lockClass}, 'pending'::regclass::oid::int) THEN RETURN -1; END IF;
	WITH first AS (
		SELECT ctid AS place, sum(coalesce(cardinality(seqs), 1)) OVER (ORDER BY seq ROWS UNBOUNDED PRECEDING) AS events,
			row_number() OVER (ORDER BY seq) AS nth
		FROM (SELECT ctid, seq, seqs FROM pending ORDER BY seq LIMIT most) AS first
	), deleted AS (
		DELETE FROM pending WHERE ctid = ANY (ARRAY(SELECT place FROM first WHERE events <= most OR nth = 1))
		RETURNING coalesce(seqs, ARRAY[seq]) AS seqs
	)
	SELECT array_agg(seq ORDER BY seq) INTO taken FROM deleted, unnest(seqs) AS seq;
	IF taken IS NULL THEN RETURN 0; END IF;
	-- Times never go back, so that a time is found as a position is.
	UPDATE counter SET position = position + cardinality(taken), at = greatest(at, clock_timestamp())
	RETURNING position - cardinality(taken), at INTO behind, placed_at;
	WITH placed AS (
		INSERT INTO log (position, seq, topic, lane, bytes, key_hash, at)
		SELECT behind + place, seq, topic, lane, bytes, key_hash, placed_at
		FROM unnest(taken) WITH ORDINALITY AS given (seq, place) JOIN events USING (seq)
		RETURNING topic, bytes
	), sums AS (
		SELECT topic, sum(bytes) AS bytes FROM placed GROUP BY topic
	), counted AS (
		UPDATE topics SET bytes = topics.bytes + sums.bytes FROM sums WHERE id = topic RETURNING id
	)
	SELECT string_agg('t' || id, ' ') INTO told FROM counted;
	PERFORM pg_notify('${channelOf(schema)}', CASE WHEN length(told) < 7000 THEN told ELSE '' END);
	RETURN cardinality(taken);
END $$;
`;
}

/** Of each lane the last position before a time; of an empty lane, what is kept no longer. Found by halving. */
const timesSql = `
CREATE OR REPLACE FUNCTION positions_before(of_topic int, moment timestamptz) RETURNS TABLE (in_lane int, place bigint)
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
	late bigint;
	found_at timestamptz;
	found_place bigint;
BEGIN
	FOR in_lane, place IN SELECT lane, gone FROM lanes WHERE topic = of_topic LOOP
		SELECT position + 1 INTO late FROM counter;
		WHILE place < late - 1 LOOP
			SELECT position, at INTO found_place, found_at FROM log
			WHERE topic = of_topic AND lane = in_lane AND position >= (place + late) / 2 ORDER BY position LIMIT 1;
			IF found_at < moment THEN place := found_place; ELSE late := (place + late) / 2; END IF;
		END LOOP;
		RETURN NEXT;
	END LOOP;
END $$;
`;

/**
 * Removes the oldest events of a topic: those from before a time, and those that are too many bytes; at most so many of
 * each lane in one run. Returns how many.
 */
const retentionSql = `
CREATE OR REPLACE FUNCTION forget_oldest(of_topic int, most int) RETURNS int LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
	gone_bytes float8;
	gone_events int;
BEGIN
	IF NOT pg_try_advisory_xact_lock(${lockClass + 1}, of_topic) THEN RETURN 0; END IF;
	-- Nearly always nothing is to go. The first event of each lane tells.
	IF NOT EXISTS (
		SELECT FROM topics JOIN lanes ON lanes.topic = topics.id CROSS JOIN LATERAL (
			SELECT at FROM log WHERE log.topic = of_topic AND log.lane = lanes.lane ORDER BY position LIMIT 1
		) AS first
		WHERE topics.id = of_topic
			AND (topics.bytes > retain_bytes OR first.at < clock_timestamp() - retain_ms * interval '1 ms')
	) THEN RETURN 0; END IF;
	-- One statement reads the bounds and deletes: where it sees events of streams, it sees that the topic has none.
	WITH bounds AS (
		SELECT coalesce(clock_timestamp() - retain_ms * interval '1 ms', '-infinity') AS oldest_at,
			bytes - retain_bytes AS excess
		FROM topics WHERE id = of_topic
	), candidates AS (
		SELECT first.*, excess,
			sum(bytes) OVER (ORDER BY position) - bytes AS before,
			min(position) FILTER (WHERE at >= oldest_at) OVER (PARTITION BY lane) AS young
		FROM bounds, lanes JOIN LATERAL (
			SELECT lane, position, seq, bytes, at FROM log
			WHERE log.topic = of_topic AND log.lane = lanes.lane ORDER BY position LIMIT most
		) AS first USING (lane)
		WHERE topic = of_topic
	), gone AS (
		DELETE FROM log USING candidates
		WHERE log.topic = of_topic AND log.lane = candidates.lane AND log.position = candidates.position
			AND (young IS NULL OR log.position < young OR before < excess)
		RETURNING log.lane, log.position, log.seq, log.bytes
	), texts AS (
		DELETE FROM events USING gone WHERE events.seq = gone.seq
		RETURNING gone.lane, gone.position, events.id, gone.bytes
	), marked AS (
		UPDATE lanes SET gone = last.position, gone_id = last.id
		FROM (SELECT DISTINCT ON (lane) lane, position, id FROM texts ORDER BY lane, position DESC) AS last
		WHERE lanes.topic = of_topic AND lanes.lane = last.lane
	)
	SELECT count(*), sum(bytes) INTO gone_events, gone_bytes FROM texts;
	IF gone_events > 0 THEN UPDATE topics SET bytes = bytes - gone_bytes WHERE id = of_topic; END IF;
	RETURN gone_events;
END $$;
`;

/** The state of groups. `revision` increases whenever members, holders or edits of a group change. */
const groupsSql = `
CREATE SEQUENCE IF NOT EXISTS epochs;
CREATE SEQUENCE IF NOT EXISTS joins;
CREATE TABLE IF NOT EXISTS groups (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	key text COLLATE "C" NOT NULL UNIQUE,
	topic text NOT NULL,
	name text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	revision bigint NOT NULL DEFAULT 1
);
CREATE TABLE IF NOT EXISTS group_lanes (
	"group" int NOT NULL REFERENCES groups ON DELETE CASCADE,
	lane int NOT NULL,
	holder text COLLATE "C",
	epoch bigint NOT NULL DEFAULT nextval('epochs'),
	edits int NOT NULL DEFAULT 0,
	crashes int NOT NULL DEFAULT 0,
	cursor text COLLATE "C" NOT NULL,
	ahead text NOT NULL DEFAULT '[]',
	trying text,
	PRIMARY KEY ("group", lane)
) WITH (fillfactor = 50);
-- A due time that is missing means parked.
CREATE TABLE IF NOT EXISTS deferred (
	"group" int NOT NULL REFERENCES groups ON DELETE CASCADE,
	lane int NOT NULL,
	id text COLLATE "C" NOT NULL,
	key text COLLATE "C",
	due float8,
	discard bool NOT NULL DEFAULT false,
	entry text NOT NULL,
	PRIMARY KEY ("group", lane, id)
);
CREATE TABLE IF NOT EXISTS delayed (
	"group" int NOT NULL REFERENCES groups ON DELETE CASCADE,
	lane int NOT NULL,
	cursor text COLLATE "C" NOT NULL,
	due float8 NOT NULL,
	PRIMARY KEY ("group", lane, cursor)
);
CREATE INDEX IF NOT EXISTS delayed_due ON delayed ("group", lane, due);
CREATE TABLE IF NOT EXISTS members (
	"group" int NOT NULL REFERENCES groups ON DELETE CASCADE,
	member text COLLATE "C" NOT NULL,
	handles text NOT NULL,
	joined bigint NOT NULL DEFAULT nextval('joins'),
	PRIMARY KEY ("group", member)
);
CREATE TABLE IF NOT EXISTS renewals (
	member text COLLATE "C" PRIMARY KEY,
	renewal bigint NOT NULL DEFAULT 1,
	at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
`;
