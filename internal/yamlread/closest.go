package yamlread

// Closest is the candidate that is spelt most like word, for messages that ask
// whether it was meant; empty when none is close: more than a third of the
// letters would have to change. Among equals the first one wins.
func Closest(word string, candidates []string) string {
	best, least := "", len(word)/3+1
	for _, c := range candidates {
		if d := distance(word, c); d > 0 && d < least {
			best, least = c, d
		}
	}
	return best
}

// DidYouMean asks for the closest candidate, and is otherwise when none is close.
func DidYouMean(word string, candidates []string, otherwise string) string {
	if best := Closest(word, candidates); best != "" {
		return "did you mean " + best + "?"
	}
	return otherwise
}

// distance is that of Levenshtein: insertions, deletions and replacements, where
// two neighbours that have changed places count as one.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
