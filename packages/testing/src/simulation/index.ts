export { constant, type Latency, logNormal, uniform } from "./latency.ts";
export type { DatagramOptions, NetworkOptions, SimulatedNetwork } from "./network.ts";
export type { NodeOptions, NodeServeOptions, Program, Served, SimulatedNode } from "./node.ts";
export type { Random } from "./random.ts";
export type { RegistryFaults } from "./registry-server.ts";
export { type Scenario, type SimulateOptions, type Simulation, simulate } from "./simulate.ts";
export { type SeedsSummary, type SimulateSeedsOptions, simulateSeeds } from "./simulate-seeds.ts";
export { SimulationError } from "./simulation-error.ts";
export type { World, WorldOptions } from "./world.ts";
