import { PgBoss } from "pg-boss";
import type { OpenParts } from "../events/part.ts";
import type { Told } from "../events/told.ts";
import { jobParts } from "./job-parts.ts";

const name = "told";
const atOnce = 16;

/**
 * pg-boss with 16 connections. Its `work` polls, which would bound the rate by itself, so that 16 loops fetch and
 * complete one job after another.
 */
const pgBoss: OpenParts = async ({ url, backlog }) => {
	const boss = new PgBoss({ connectionString: url, max: atOnce, schedule: false, supervise: false });
	boss.on("error", () => {});
	await boss.start();
	await boss.createQueue(name);
	return jobParts({
		name: "pg-boss",
		atOnce,
		backlog,
		add: (data) => boss.send(name, data),
		addAll: (all) =>
			boss.insert(
				name,
				all.map((data) => ({ data })),
			),
		work: async (done) => {
			let isOver = false;
			const loop = async (): Promise<void> => {
				while (!isOver) {
					const jobs = await boss.fetch<Told>(name);
					for (const { id } of jobs) {
						await boss.complete(name, id);
						done();
					}
				}
			};
			const loops = Array.from({ length: atOnce }, loop);
			return () => {
				isOver = true;
				return Promise.all(loops);
			};
		},
		close: () => boss.stop({ graceful: false }),
	});
};

export default pgBoss;
