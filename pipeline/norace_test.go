//go:build !race

package pipeline

// thinly: see race_test.go.
const thinly = 1
