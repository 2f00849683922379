// Package storetest is what every store must do, whatever its engine: a suite
// that each engine's tests run, of the port by itself and under the group commit.
// No engine's name stands in it.
package storetest
