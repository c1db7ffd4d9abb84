package scenarios

import "fmt"

// Count is a number of things, for people: "1 fault", "3 faults". noun is one of
// them, and takes an s where there are more or none.
func Count[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
