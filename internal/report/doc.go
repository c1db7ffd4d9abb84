// Package report shows a run as one HTML file that needs nothing else: no
// network, no server, no other file.
//
// [Collect] takes from a run what the page shows, as data; [Write] puts data
// and page together. [WriteIndex] makes the page over many failures.
//
// The page is made for people. Programs read verdict.json and trace.jsonl of
// an artifact instead; what [Data] looks like may change with any version.
package report
