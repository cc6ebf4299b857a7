// Command stranger checks a standing log with libraries that nobody in this project wrote.
//
//	stranger tiles        golang.org/x/mod: checkpoint, tiles, bundles, proofs
//	stranger checkpoints  golang.org/x/mod: checkpoints alone, one verdict each
//	stranger client       filippo.io/torchwood: the log as its client reads it
//	stranger cosigned     torchwood and circl: the lines of log and cosigners, trust policies
//	stranger offline      torchwood: proofs that travel alone
//	stranger receipts     go-cose and transparency-dev/merkle: receipts and statements
//
// A task is one JSON object on standard input, the answer one on standard output; bytes are
// base64. It exits with 0 if all was accepted, 1 if something was refused, 2 for a task that
// cannot be read.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

const (
	exitRefused = 1
	exitUsage   = 2
)

// errRefused ends the program with exit code 1 after its answer was printed.
var errRefused = errors.New("something was refused")

var commands = map[string]func(task []byte) (any, error){
	"tiles":       run(checkTiles),
	"checkpoints": run(checkCheckpoints),
	"client":      run(checkAsClient),
	"cosigned":    run(checkCosigned),
	"offline":     run(checkOffline),
	"receipts":    run(checkReceipts),
}

// usageError is a task that makes no sense, as opposed to a log that is refused.
type usageError struct{ error }

func run[Task, Answer any](check func(Task) (Answer, error)) func([]byte) (any, error) {
	return func(data []byte) (any, error) {
		var task Task
		if err := json.Unmarshal(data, &task); err != nil {
			return nil, usageError{err}
		}
		return check(task)
	}
}

func main() {
	if len(os.Args) != 2 || commands[os.Args[1]] == nil {
		names := strings.Join(slices.Sorted(maps.Keys(commands)), "|")
		fmt.Fprintf(os.Stderr, "usage: stranger %s < task.json\n", names)
		os.Exit(exitUsage)
	}
	task, err := io.ReadAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitUsage)
	}
	answer, err := commands[os.Args[1]](task)
	if usage := (usageError{}); errors.As(err, &usage) {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(exitUsage)
	}
	if err != nil && !errors.Is(err, errRefused) {
		answer = map[string]string{"refused": err.Error()}
	}
	if failure := json.NewEncoder(os.Stdout).Encode(answer); failure != nil {
		fmt.Fprintln(os.Stderr, failure)
		os.Exit(exitUsage)
	}
	if err != nil {
		os.Exit(exitRefused)
	}
}
