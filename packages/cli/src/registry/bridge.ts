import { type Checker, checker, isServiceError, type Logger, type Registry } from "@allium/core";
import { type App, type BackendChoice, createApp, openRegistry, textLogger } from "@allium/node";
import type { Run, Surroundings } from "../command/command.ts";
import { CommandError, usageError } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { configOf } from "../discovery/directory.ts";
import { Interruption } from "../terminal/interruption.ts";
import { RegistryBridge } from "./registry-bridge.ts";

/** `allium registry bridge` */
export const bridge: Run = async (words, surroundings) => {
	const { env, adapters } = surroundings;
	const { namespace } = configOf(words, env);
	const [fromUrl = "", toUrl = ""] = words.arguments;
	const logger = textLogger();
	await using from = await opened({ url: fromUrl, source: "FROM" }, { namespace, logger }, surroundings);
	await using to = await opened({ url: toUrl, source: "TO" }, { namespace, logger }, surroundings);
	const name = from.registry.location ?? "";
	if (name === to.registry.location) throw usageError("FROM and TO are the same registry.");
	const made = new RegistryBridge({
		from: from.registry,
		to: to.registry,
		name,
		filter: { namespace },
		logger,
	});
	const app = createApp({
		name: "registry-bridge",
		registry: toUrl,
		namespace,
		env,
		adapters,
		logger,
		health: checks(made, from.registry, to.registry),
	});
	const stopped = Promise.withResolvers<void>();
	using interruption = new Interruption(stopped.resolve);
	try {
		made.start();
		await started(app);
		await stopped.promise;
	} finally {
		await made.stop();
		await app.stop();
	}
	return interruption.code ?? exitCode.ok;
};

/** Asks both registries, because a watch continues in silence while its registry is away. */
function checks(bridge: RegistryBridge, from: Registry, to: Registry): Checker[] {
	// No instance serves it, so the answer is short if the registry can filter by service.
	const filter = { namespace: "", service: "registry-bridge" };
	return [
		checker("from", async (ctx) => {
			await from.list(filter, ctx);
			if (bridge.failure !== undefined) throw bridge.failure;
			return { copied: String(bridge.counts.copied) };
		}),
		checker("to", async (ctx) => {
			await to.list(filter, ctx);
			const { copied, waiting } = bridge.counts;
			if (waiting > 0) throw new Error(`${waiting} of ${copied} instances could not be registered yet`);
			return {};
		}),
	];
}

async function opened(
	choice: BackendChoice,
	options: { readonly namespace: string; readonly logger: Logger },
	{ adapters, cwd }: Surroundings,
): Promise<{ readonly registry: Registry } & AsyncDisposable> {
	try {
		const registry = await openRegistry(choice, { ...options, adapters, cwd });
		return { registry, [Symbol.asyncDispose]: () => registry.close() };
	} catch (error) {
		throw failed(error);
	}
}

async function started(app: App): Promise<void> {
	try {
		await app.start();
	} catch (error) {
		throw failed(error);
	}
}

function failed(error: unknown): unknown {
	if (!isServiceError(error)) return error;
	const { code, message } = error;
	return new CommandError(`The bridge cannot start: ${message}.`, exitCode.failed, { code });
}
