import { afterAll, afterEach, beforeEach, describe, test } from "vitest";
import { expiryCases } from "./registry/expiry-cases.ts";
import { leaseCases } from "./registry/lease-cases.ts";
import { leftoverCases } from "./registry/leftover-cases.ts";
import { manyCases } from "./registry/many-cases.ts";
import { outageCases } from "./registry/outage-cases.ts";
import { partitionCases } from "./registry/partition-cases.ts";
import { processCases } from "./registry/process-cases.ts";
import { pushCases } from "./registry/push-cases.ts";
import { registrationCases } from "./registry/registration-cases.ts";
import type { RegistryCase } from "./registry/registry-case.ts";
import { RegistryLab } from "./registry/registry-lab.ts";
import { type RegistrySetup, withoutAbility } from "./registry/registry-setup.ts";
import { watchCases } from "./registry/watch-cases.ts";
import { watchEndCases } from "./registry/watch-end-cases.ts";

export { type ReadOnlyRegistrySetup, readOnlyRegistrySuite } from "./read-only-registry-suite.ts";
export { instance as cartInstance } from "./registry/cart-instance.ts";
export type { RegistryOutage, RegistrySetup } from "./registry/registry-setup.ts";
export {
	type CertificateIssuer,
	type RegistryTlsSetup,
	registryTlsSuite,
	type TlsFiles,
} from "./registry-tls-suite.ts";

/** The rules of a registry while its backend is well. */
export const registryRules: readonly RegistryCase[] = [
	...registrationCases,
	...leaseCases,
	...expiryCases,
	...watchCases,
	...watchEndCases,
	...pushCases,
	...leftoverCases,
];

/** Everything that must hold for a registry. */
export const registryCases: readonly RegistryCase[] = [
	...registryRules,
	...manyCases,
	...processCases,
	...partitionCases,
	...outageCases,
];

/**
 * The conformance suite of the port `Registry`. It declares Vitest tests that hold for every backend. A backend on a
 * server gives more than `open`: a `target` for the fault proxy, an `outage`, a `program`, and whether it `pushes`.
 *
 * @param setup Makes an empty backend; called before every test.
 * @param cases Default: all. `registryRules` alone suit a further version of a server, on which the rest was tried.
 *
 * @example
 * registrySuite("memory", async () => {
 * 	const instances = new MemoryInstances();
 * 	return { ttlMs: 300, open: async ({ ttlMs }) => memoryRegistry({ instances, ttlMs }), close: async () => {} };
 * });
 *
 * @example
 * // A server of the suite's own, which it kills:
 * registrySuite("nats", async () => {
 * 	const server = await startServer({ file, args, ports: 1, answers });
 * 	const target = `nats://127.0.0.1:${server.ports[0]}`;
 * 	return {
 * 		ttlMs: 1_000,
 * 		pushes: true,
 * 		target,
 * 		open: async ({ ttlMs, target: address = target }) => registry(address, { ttlMs }),
 * 		outage: server,
 * 		program: { module: import.meta.resolve("./index.ts"), url: target },
 * 		close: () => server.close(),
 * 	};
 * });
 */
export function registrySuite(
	name: string,
	setup: () => Promise<RegistrySetup>,
	cases: readonly RegistryCase[] = registryCases,
): void {
	describe(`registry: ${name}`, () => {
		const lab = new RegistryLab();
		beforeEach(async () => lab.begin(await setup()));
		afterEach(() => lab.end());
		afterAll(() => {
			for (const [what, figure] of lab.figures) console.info(`registry ${name}: ${what}: ${figure}`);
		});
		for (const { title, needs = [], timeoutMs, run } of cases) {
			test(title, timeoutMs === undefined ? {} : { timeout: timeoutMs }, async (context) => {
				const missing = lab.lacks(needs);
				if (missing !== undefined) return context.skip(withoutAbility[missing]);
				await run(lab, (reason) => context.skip(reason));
			});
		}
	});
}
