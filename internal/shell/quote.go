// Package shell writes commands that are pasted into one.
package shell

import "strings"

// special are what a shell takes for something else than itself.
const special = " \t'\"\\$&;()<>|*?[]{}~`!#"

// Quote makes a path, or any word of a command, safe to paste into a shell.
func Quote(word string) string {
	if strings.ContainsAny(word, special) {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}
