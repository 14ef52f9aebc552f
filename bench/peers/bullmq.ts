import { Queue, Worker } from "bullmq";
import type { OpenParts } from "../events/part.ts";
import { jobParts } from "./job-parts.ts";

const name = "told";
const removed = { removeOnComplete: true, removeOnFail: true };

/**
 * BullMQ as its guide to production says: jobs are removed when they are done, and the connections of workers retry
 * without end, which is its default. One worker works on 64 jobs at once.
 */
const bullmq: OpenParts = async ({ url, backlog }) => {
	const { hostname: host, port } = new URL(url);
	const connection = { host, port: Number(port) };
	const queue = new Queue(name, { connection, defaultJobOptions: removed });
	await queue.waitUntilReady();
	return jobParts({
		name: "BullMQ",
		atOnce: 64,
		backlog,
		add: (data) => queue.add(name, data),
		addAll: (all) => queue.addBulk(all.map((data) => ({ name, data }))),
		work: async (done) => {
			const worker = new Worker(name, async () => done(), { connection, concurrency: 64 });
			return () => worker.close();
		},
		close: () => queue.close(),
	});
};

export default bullmq;
