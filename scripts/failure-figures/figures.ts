import { caching, fallbacks } from "./answers.ts";
import { budgets, cancellation, failover, hedging, retries, timeouts } from "./attempts.ts";
import { balancing, ejection, slowStarts } from "./balancing.ts";
import { drains, health, outages } from "./change.ts";
import type { Figure } from "./figure.ts";
import { breakers, bulkheads, rates, sheds } from "./load.ts";

/** All figures, in the order of the guide. */
export const figures: readonly Figure[] = [
	timeouts,
	cancellation,
	retries,
	budgets,
	failover,
	hedging,
	breakers,
	bulkheads,
	rates,
	sheds,
	balancing,
	slowStarts,
	ejection,
	caching,
	fallbacks,
	outages,
	drains,
	health,
];
