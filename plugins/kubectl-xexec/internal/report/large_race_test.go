//go:build race && unix

package report_test

// The race detector takes memory and time of its own.
const manyTargets, mostMiB = 20, 250
