import { Logger, makeWorkerUtils, run } from "graphile-worker";
import type { OpenParts } from "../events/part.ts";
import { jobParts } from "./job-parts.ts";

const name = "told";
const atOnce = 16;
const logger = new Logger(() => () => {});

/** Graphile Worker with 16 connections and 16 jobs at once. */
const graphileWorker: OpenParts = async ({ url: connectionString, backlog }) => {
	const shared = { connectionString, maxPoolSize: atOnce, logger };
	const utils = await makeWorkerUtils(shared);
	await utils.migrate();
	return jobParts({
		name: "Graphile Worker",
		atOnce,
		backlog,
		add: (data) => utils.addJob(name, data),
		addAll: (all) => utils.addJobs(all.map((payload) => ({ identifier: name, payload }))),
		work: async (done) => {
			const runner = await run({
				...shared,
				concurrency: atOnce,
				noHandleSignals: true,
				taskList: { [name]: done },
			});
			return () => runner.stop();
		},
		close: async () => utils.release(),
	});
};

export default graphileWorker;
