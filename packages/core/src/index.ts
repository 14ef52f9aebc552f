export type { Balancer, Candidate, Load } from "./balancer/balancer.ts";
export { consistentHash } from "./balancer/consistent-hash.ts";
export { type InstanceFilter, inZone, prefer, restrict, withLabels, withVersion } from "./balancer/filter.ts";
export { leastLoaded } from "./balancer/least-loaded.ts";
export { outlierEjection } from "./balancer/outlier-ejection.ts";
export type { OutlierOptions } from "./balancer/outlier-record.ts";
export { type PeakEwmaOptions, peakEwma } from "./balancer/peak-ewma.ts";
export { pickedInstance } from "./balancer/picked-instance.ts";
export { random } from "./balancer/random.ts";
export { roundRobin } from "./balancer/round-robin.ts";
export { type SlowStartOptions, slowStart } from "./balancer/slow-start.ts";
export { triedInstances } from "./balancer/tried-instances.ts";
export { weighted } from "./balancer/weighted.ts";
export type { CacheEntry, CacheStore } from "./caching/cache-store.ts";
export { type MemoryCacheOptions, memoryCache } from "./caching/memory-cache.ts";
export { type MemoryOnceStoreOptions, memoryOnceStore } from "./caching/memory-once-store.ts";
export type { OnceAttempt, OnceRecord, OnceStore } from "./caching/once-store.ts";
export {
	type ClientDefaultsOptions,
	type ClientLayers,
	type ClientOptions,
	type ClientSource,
	type ClientWay,
	clientDefaults,
	createClient,
} from "./client/client.ts";
export type { Client, ClientMethod } from "./client/client-type.ts";
export { waitForReady } from "./client/wait-for-ready.ts";
export type { BinaryCodec, Codec, EncodedMessage, TextCodec } from "./codec/codec.ts";
export type { Format } from "./codec/format.ts";
export { jsonCodec } from "./codec/json-codec.ts";
export { jsonFormat } from "./codec/json-format.ts";
export { type MethodCodecs, methodCodecs } from "./codec/method-codecs.ts";
export { protoFormat } from "./codec/proto-format.ts";
export type { WireCodecs } from "./codec/wire-codecs.ts";
export { type AppName, appIdentity, parseAppIdentity } from "./context/app-identity.ts";
export type { Outcome, SettledListener } from "./context/call-scope.ts";
export { Cause, causeOf, effectName, type Operation } from "./context/cause.ts";
export { type Cancelable, Context, type PeerInfo } from "./context/context.ts";
export { fanOut, race, type Task, type TaskResults } from "./context/fan-out.ts";
export { type ContextKey, contextKey } from "./context/key.ts";
export { Metadata, type MetadataInit, maxMetadataBytes, noMetadata } from "./context/metadata.ts";
export { onSettled } from "./context/on-settled.ts";
export { principal } from "./context/principal.ts";
export { ResponseMetadata } from "./context/response.ts";
export {
	type AnyContract,
	type Contract,
	type ContractInfo,
	type ContractOptions,
	type ContractWire,
	contract,
	type EventName,
	type EventOf,
	type MethodName,
	type MethodSpecs,
} from "./contract/contract.ts";
export {
	type DeclaredError,
	type DeclaredErrorOptions,
	type ErrorData,
	type ErrorSpec,
	type ErrorSpecs,
	isError,
} from "./contract/declared-error.ts";
export {
	type ContractDescription,
	describe,
	type ErrorDescription,
	type EventDescription,
	type MethodDescription,
} from "./contract/describe.ts";
export {
	type AnyEvent,
	type EventData,
	type EventInit,
	type EventSpec,
	type EventStamp,
	type EventType,
	type EventValue,
	event,
} from "./contract/event.ts";
export type { EventDeclaration, EventFacts, Upcast } from "./contract/event-declaration.ts";
export {
	type CallKind,
	type Effect,
	type Empty,
	givesStream,
	type Kind,
	type Method,
	type MethodSpec,
	method,
	takesStream,
} from "./contract/method.ts";
export type { ErrorTemplate, ErrorTemplates, Route, Routes, Verb } from "./contract/route.ts";
export { type Issue, type JsonSchema, jsonSchema, type Schema } from "./contract/schema.ts";
export type { OAuthFlow, Security, SecurityScheme } from "./contract/security.ts";
export { isStream, messageSchema, type Side, type StreamOf, stream } from "./contract/stream.ts";
export { chain, type Endpoint, type Middleware, only } from "./endpoint/endpoint.ts";
export { describeGuard, type Guard, type GuardDescription, type GuardRequest } from "./endpoint/guard.ts";
export type { Callee } from "./errors/callee.ts";
export { type Code, codes, isCode } from "./errors/code.ts";
export { errorText } from "./errors/error-text.ts";
export type { MetadataValue, ReadonlyMetadata } from "./errors/readonly-metadata.ts";
export {
	type ForeignDetail,
	isServiceError,
	ServiceError,
	type ServiceErrorInit,
	toServiceError,
} from "./errors/service-error.ts";
export { isTrouble } from "./errors/trouble.ts";
export { type Delivery, delivery } from "./event/delivery.ts";
export { handlerDefaults } from "./event/handler-defaults.ts";
export type { EventHandler, FitsHandlers, Handlers } from "./event/handlers.ts";
export { later } from "./event/later.ts";
export type { Receipt } from "./event/log.ts";
export type { Publish, PublishMiddleware } from "./event/publish.ts";
export { type PublishDefaultsOptions, publishDefaults } from "./event/publish-defaults.ts";
export type { RedeliveryOptions, SubscribeOptions } from "./event/subscribe-options.ts";
export {
	type Check,
	type Checker,
	type CheckerOptions,
	checker,
	type HealthFacts,
} from "./health/checker.ts";
export { Health, type HealthOptions, type HealthReport } from "./health/health.ts";
export type { CheckReport } from "./health/health-check.ts";
export { type Logger, type LogLevel, silentLogger } from "./logger/logger.ts";
export { printable } from "./logger/printable.ts";
export { allowApps } from "./middleware/allow-apps.ts";
export { authorize } from "./middleware/authorize.ts";
export { type BulkheadOptions, bulkhead } from "./middleware/bulkhead.ts";
export { type CacheOptions, cache } from "./middleware/cache.ts";
export { type CircuitBreakerOptions, circuitBreaker } from "./middleware/circuit-breaker.ts";
export { type ConcurrencyLimitOptions, concurrencyLimit } from "./middleware/concurrency-limit.ts";
export { type FallbackOptions, fallback } from "./middleware/fallback.ts";
export { type HedgeOptions, hedge } from "./middleware/hedge.ts";
export { type LoggingOptions, logging } from "./middleware/logging.ts";
export { metrics } from "./middleware/metrics.ts";
export { type OnceOptions, once } from "./middleware/once.ts";
export { type RateLimitOptions, rateLimit } from "./middleware/rate-limit.ts";
export { type RetryOptions, retry } from "./middleware/retry.ts";
export { type SingleFlightOptions, singleFlight } from "./middleware/single-flight.ts";
export { timeout } from "./middleware/timeout.ts";
export { activeSpan, telemetryContext, tracing } from "./middleware/tracing.ts";
export type { Instance, ServedContract } from "./registry/instance.ts";
export { instanceIdentity } from "./registry/instance-identity.ts";
export { type MemoryRegistryOptions, memoryRegistry } from "./registry/memory-registry.ts";
export type { Registry, RegistryClock } from "./registry/registry.ts";
export type { CircuitOptions, CircuitState } from "./resilience/circuit.ts";
export { RetryBudget, type RetryBudgetOptions } from "./resilience/retry-budget.ts";
export { Endpoints, type EndpointsOptions, serverDefaults } from "./server/endpoints.ts";
export type { EndpointTable, ServedMethod } from "./service/endpoint-table.ts";
export type { MethodOptions, ServeOptions } from "./service/serve.ts";
export type { Fits, Handler, Service, ServiceMiddleware } from "./service/service.ts";
export type { CallSide } from "./telemetry/call-facts.ts";
