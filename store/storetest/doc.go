// Package storetest is what every store must do, whatever its engine: a suite
// that each engine's tests run. It knows the port alone.
package storetest
