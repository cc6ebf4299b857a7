package main

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// signer is whom a checkpoint must be of: the log's name, and its key as note tools write it.
type signer struct {
	Origin string `json:"origin"`
	Vkey   string `json:"vkey"`
}

type checkpointsTask struct {
	signer
	Notes [][]byte `json:"notes"`
}

type treeAnswer struct {
	Size    int64     `json:"size"`
	Root    tlog.Hash `json:"root"`
	Refused string    `json:"refused,omitempty"`
}

func checkCheckpoints(task checkpointsTask) ([]treeAnswer, error) {
	var outcome error
	answers := make([]treeAnswer, 0, len(task.Notes))
	for _, data := range task.Notes {
		tree, err := openCheckpoint(data, task.signer)
		answer := treeAnswer{Size: tree.N, Root: tree.Hash}
		if err != nil {
			answer.Refused, outcome = err.Error(), errRefused
		}
		answers = append(answers, answer)
	}
	return answers, outcome
}

// openCheckpoint lets x/mod verify the note. Its own tlog.ParseTree knows the Go checksum
// database's first line only, so the three lines are read here.
func openCheckpoint(data []byte, by signer) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(by.Vkey)
	if err != nil {
		return tlog.Tree{}, usageError{err}
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != by.Origin {
		return tlog.Tree{}, fmt.Errorf("not a checkpoint of %q", by.Origin)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("%q is no size", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, fmt.Errorf("%q is no root", lines[2])
	}
	return tlog.Tree{N: size, Hash: tlog.Hash(root)}, nil
}
