//go:build !race

package growth

// Racing: see race.go.
const Racing = false
