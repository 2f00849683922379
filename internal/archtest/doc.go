// Package archtest holds the rules of who may import whom, and of what a pure layer may call.
//
// The house has layers, and imports point down:
//
//	commands     cmd/...
//	fronts       api sim web deploy          adapters      store/sqlite gateway/stripe bus/kafka vault/seal ...
//	use cases    flow worker audit move
//	commit       commit
//	ports        store gateway bus cache     conformance   store/storetest gateway/gatewaytest
//	support      internal/clock internal/loop internal/telemetry
//	decisions    payment ledger wallet vault fraud routing webhook access shard region capacity
//	words        money ident problem event
//
// An adapter never imports another adapter. A conformance suite knows its own port and nothing beside it.
// Decisions are pure: no I/O package, no context, no clock, no chance, no goroutine. Commit and the use cases take
// their clock and their chance from outside, so that the simulator can drive them, and start no goroutine.
//
// The rules stand as data in table.go; [Check] reads the sources by go/ast, whatever their build tags, and needs no
// type information. A package that is in no layer is a violation: put it into the table first.
package archtest
