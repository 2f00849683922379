// Package api is Florin over HTTP: it decodes and checks requests, calls the
// flows, and encodes their answers. One file holds one resource; routes.go lists
// what is served, and the OpenAPI document is made from the same table.
//
//	request ─▶ id ─▶ API key ─▶ body, query: strict ─▶ flow ─▶ answer, 402 or problem
//
// What holds for every request:
//   - A request that breaks a rule of form reaches no flow, and its problem names
//     the field.
//   - A payment is rendered from what never changes and its State alone, so that
//     a replay is the first answer byte for byte.
//   - Every error becomes an RFC 9457 problem in one place, problem.go; what is
//     wrong on our side is logged with its cause and told without it.
//   - Card data is decoded, handed to the flow and forgotten: no problem, log or
//     answer repeats any of a body's values.
package api
