//go:build race

package pipeline

// thinly is by how much tests over many cases take fewer under the race
// detector, which makes them ten times slower and looks for something else.
const thinly = 8
