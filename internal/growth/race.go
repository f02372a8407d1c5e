//go:build race

package growth

// Racing tells that the race detector watches: times then mean nothing.
const Racing = true
