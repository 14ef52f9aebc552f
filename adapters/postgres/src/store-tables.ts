import { pendingRowsSql } from "./pending-rows.ts";

/**
 * Streams of events. An event of a stream is a row of `events` as any other, with two more columns; one that is only
 * published has them empty, and lies in none of their indexes. No two events of a stream have the same version.
 */
const streamsSql = `
CREATE TABLE IF NOT EXISTS streams (
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text COLLATE "C" NOT NULL UNIQUE,
	topic int NOT NULL,
	version int NOT NULL
) WITH (fillfactor = 50);
ALTER TABLE events
	ADD COLUMN IF NOT EXISTS stream int,
	ADD COLUMN IF NOT EXISTS version int,
	ADD COLUMN IF NOT EXISTS cause_hash int;
CREATE UNIQUE INDEX IF NOT EXISTS events_of_stream ON events (stream, version) WHERE stream IS NOT NULL;
CREATE INDEX IF NOT EXISTS events_of_cause ON events (stream, cause_hash)
	WHERE stream IS NOT NULL AND cause_hash IS NOT NULL;
CREATE TABLE IF NOT EXISTS outcomes (
	id text COLLATE "C" PRIMARY KEY,
	call text NOT NULL,
	fingerprint text NOT NULL,
	text text NOT NULL,
	keep_ms float8 NOT NULL,
	expires timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS outcomes_expire ON outcomes (expires);
CREATE TABLE IF NOT EXISTS snapshots (
	stream text COLLATE "C" NOT NULL,
	reader text COLLATE "C" NOT NULL,
	version int NOT NULL,
	text text NOT NULL,
	PRIMARY KEY (stream, reader)
);
`;

/** The states of an append in the answer of `append_to_streams`. */
export const appendStates = { added: 0, refused: 1, busy: 2 } as const;

/**
 * Adds several appends, each of one or several parts, and each all or not at all. It tells of each append whether it
 * was added (0), refused (1: a version, a topic, an id or an outcome was in the way) or waits for a stream that another
 * transaction holds (2); and of each part the version of its stream before.
 *
 * The rows of the streams are locked in the order of their names, so that two calls do not wait for each other. What
 * is decided then holds until the commit. An id that another transaction adds at the same time fails the whole call
 * with a unique violation.
 *
 * - `names`, `topic_of`: the streams, each once.
 * - `append_of`, `stream_of`, `part_topics`, `expected`, `counts`: the parts, those of one append one after another. Expected is a
 *   version, -1 for one with events, -2 for any.
 * - `part_of` and what follows: the events, those of one part one after another. `nth` counts them from 1.
 * - `call_of` and what follows: the outcomes, by their appends.
 * - `waits`: for streams that other transactions hold.
 */
const appendSql = `
CREATE OR REPLACE FUNCTION append_to_streams(
	appends int, names text[], topic_of int[],
	append_of int[], stream_of int[], part_topics int[], expected int[], counts int[],
	part_of int[], nth int[], topics int[], lanes int[], sizes int[], key_hashes int[], cause_hashes int[],
	event_ids text[], keys text[], texts text[],
	call_of int[], call_ids text[], calls text[], fingerprints text[], outcome_texts text[], keeps float8[],
	waits bool
) RETURNS TABLE (states int[], versions_before int[]) LANGUAGE plpgsql SET search_path FROM CURRENT
-- As in connection-pool.ts, for the connections of services, which have other settings.
SET enable_seqscan TO off SET enable_bitmapscan TO off SET plan_cache_mode TO force_generic_plan AS $$
DECLARE
	found record;
	stream_ids int[] := array_fill(NULL::int, ARRAY[cardinality(names)]);
	versions int[] := stream_ids;
	topics_there int[] := stream_ids;
	this_append int;
	this_stream int;
	first_part int := 1;
	behind_last int;
BEGIN
	states := array_fill(${appendStates.added}, ARRAY[appends]);
	versions_before := array_fill(NULL::int, ARRAY[cardinality(append_of)]);
	IF NOT waits THEN PERFORM set_config('lock_timeout', '200', true); END IF;

	LOOP
		IF waits THEN
			FOR found IN
				SELECT given.place, streams.* FROM unnest(names) WITH ORDINALITY AS given (name, place)
				JOIN streams USING (name) ORDER BY given.place FOR UPDATE OF streams
			LOOP
				stream_ids[found.place] := found.id;
				versions[found.place] := found.version;
				topics_there[found.place] := found.topic;
			END LOOP;
		ELSE
			FOR found IN
				SELECT given.place, streams.* FROM unnest(names) WITH ORDINALITY AS given (name, place)
				JOIN streams USING (name) ORDER BY given.place FOR UPDATE OF streams SKIP LOCKED
			LOOP
				stream_ids[found.place] := found.id;
				versions[found.place] := found.version;
				topics_there[found.place] := found.topic;
			END LOOP;
		END IF;
		EXIT WHEN array_position(stream_ids, NULL) IS NULL;
		FOR found IN
			WITH made AS (
				INSERT INTO streams (name, topic, version)
				SELECT given.name, given.topic, 0
				FROM unnest(names, topic_of) WITH ORDINALITY AS given (name, topic, place)
				WHERE stream_ids[given.place] IS NULL
					AND NOT EXISTS (SELECT FROM streams WHERE streams.name = given.name)
				ORDER BY given.place
				ON CONFLICT (name) DO NOTHING
				RETURNING id, name, topic
			)
			SELECT given.place, made.id, made.topic FROM unnest(names) WITH ORDINALITY AS given (name, place)
			JOIN made USING (name)
		LOOP
			stream_ids[found.place] := found.id;
			versions[found.place] := 0;
			topics_there[found.place] := found.topic;
		END LOOP;
		EXIT WHEN NOT waits OR array_position(stream_ids, NULL) IS NULL;
	END LOOP;

	IF cardinality(call_of) > 0 THEN
		FOR this_append IN
			SELECT call_of[given.place] FROM unnest(call_ids) WITH ORDINALITY AS given (id, place)
			JOIN outcomes USING (id) WHERE outcomes.expires > now()
		LOOP
			states[this_append] := ${appendStates.refused};
		END LOOP;
		DELETE FROM outcomes WHERE id = ANY (call_ids) AND expires <= now();
	END IF;
	FOR this_append IN
		SELECT DISTINCT append_of[given.part] FROM unnest(part_of, topics, event_ids) AS given (part, topic, id)
		JOIN events USING (topic, id)
	LOOP
		states[this_append] := ${appendStates.refused};
	END LOOP;

	WHILE first_part <= cardinality(append_of) LOOP
		this_append := append_of[first_part];
		behind_last := first_part;
		WHILE append_of[behind_last] = this_append LOOP
			this_stream := stream_of[behind_last];
			IF versions[this_stream] IS NULL THEN
				states[this_append] := ${appendStates.busy};
			ELSIF topics_there[this_stream] <> part_topics[behind_last]
				OR (expected[behind_last] >= 0 AND versions[this_stream] <> expected[behind_last])
				OR (expected[behind_last] = -1 AND versions[this_stream] = 0)
			THEN
				states[this_append] := greatest(states[this_append], ${appendStates.refused});
			END IF;
			behind_last := behind_last + 1;
		END LOOP;
		IF states[this_append] = ${appendStates.added} THEN
			FOR part IN first_part .. behind_last - 1 LOOP
				this_stream := stream_of[part];
				versions_before[part] := versions[this_stream];
				versions[this_stream] := versions[this_stream] + counts[part];
			END LOOP;
		END IF;
		first_part := behind_last;
	END LOOP;

	WITH added AS (
		INSERT INTO events (topic, lane, bytes, key_hash, id, key, text, stream, version, cause_hash)
		SELECT given.topic, given.lane, given.bytes, given.key_hash, given.id, given.key, given.text,
			stream_ids[stream_of[given.part]], versions_before[given.part] + given.nth, given.cause_hash
		FROM unnest(part_of, nth, topics, lanes, sizes, key_hashes, cause_hashes, event_ids, keys, texts)
			WITH ORDINALITY AS given (part, nth, topic, lane, bytes, key_hash, cause_hash, id, key, text, place)
		WHERE versions_before[given.part] IS NOT NULL
		ORDER BY given.place
		RETURNING seq
	)
	INSERT INTO pending ${pendingRowsSql};
	UPDATE streams SET version = given.version
	FROM unnest(stream_ids, versions) AS given (id, version)
	WHERE streams.id = given.id AND streams.version <> given.version;
	-- What was made above, and got no events.
	IF 0 = ANY (versions) THEN DELETE FROM streams WHERE id = ANY (stream_ids) AND version = 0; END IF;
	IF cardinality(call_of) > 0 THEN
		INSERT INTO outcomes (id, call, fingerprint, text, keep_ms, expires)
		SELECT given.id, given.call, given.fingerprint, given.text, given.keep_ms,
			clock_timestamp() + given.keep_ms * interval '1 ms'
		FROM unnest(call_of, call_ids, calls, fingerprints, outcome_texts, keeps)
			AS given (append, id, call, fingerprint, text, keep_ms)
		WHERE states[given.append] = ${appendStates.added};
	END IF;
	RETURN NEXT;
END $$;
`;

/** Removes outcomes that need not be kept any longer, at most so many in one run. Returns how many. */
const outcomesSql = `
CREATE OR REPLACE FUNCTION forget_outcomes(most int) RETURNS int LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
DECLARE
	gone int;
BEGIN
	DELETE FROM outcomes WHERE ctid = ANY (ARRAY(
		SELECT ctid FROM outcomes WHERE expires <= now() ORDER BY expires LIMIT most FOR UPDATE SKIP LOCKED
	));
	GET DIAGNOSTICS gone = ROW_COUNT;
	RETURN gone;
END $$;
`;

export const storeSql: string = `${streamsSql}${appendSql}${outcomesSql}`;
