//go:build !linux

package registrytest

func inMemory() string { return "" }
