//go:build !race && unix

package report_test

const manyTargets, mostMiB = 200, 100
