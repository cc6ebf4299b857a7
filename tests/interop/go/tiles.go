package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	dataLevel  = -1 // x/mod's level of entry bundles
)

type inclusion struct {
	Index int64            `json:"index"`
	Size  int64            `json:"size"`
	Path  tlog.RecordProof `json:"path"`
}

type consistency struct {
	Old  int64          `json:"old"`
	New  int64          `json:"new"`
	Path tlog.TreeProof `json:"path"`
}

type tilesTask struct {
	signer
	Directory string `json:"directory"`
	// Earlier are checkpoints published before, oldest first.
	Earlier [][]byte `json:"earlier"`
	// Inclusion and Consistency are proofs that the log made.
	Inclusion   []inclusion   `json:"inclusion"`
	Consistency []consistency `json:"consistency"`
}

type tilesAnswer struct {
	treeAnswer
	Entries     int64               `json:"entries"`
	Inclusion   int                 `json:"inclusion"`
	Consistency int                 `json:"consistency"`
	Earlier     int                 `json:"earlier"`
	Roots       map[int64]tlog.Hash `json:"roots"`
	Read        []string            `json:"read"`
}

// tiledLog is a log's directory behind x/mod's tile reader, which checks every tile against the
// root of the checkpoint before it gives a hash away.
type tiledLog struct {
	tree   tlog.Tree
	files  *tileFiles
	hashes tlog.HashReader
	roots  map[int64]tlog.Hash
}

func checkTiles(task tilesTask) (*tilesAnswer, error) {
	log, err := openLog(task.Directory, task.signer)
	if err != nil {
		return nil, err
	}
	leaves, err := log.checkBundles()
	if err != nil {
		return nil, err
	}
	for _, proof := range task.Inclusion {
		if err := log.checkInclusion(proof, leaves); err != nil {
			return nil, fmt.Errorf("inclusion of %d in %d: %w", proof.Index, proof.Size, err)
		}
	}
	for _, proof := range task.Consistency {
		if err := log.checkConsistency(proof); err != nil {
			return nil, fmt.Errorf("consistency of %d and %d: %w", proof.Old, proof.New, err)
		}
	}
	for _, data := range task.Earlier {
		if err := log.checkEarlier(data, task.signer); err != nil {
			return nil, fmt.Errorf("earlier checkpoint: %w", err)
		}
	}
	return &tilesAnswer{
		treeAnswer:  treeAnswer{Size: log.tree.N, Root: log.tree.Hash},
		Entries:     int64(len(leaves)),
		Inclusion:   len(task.Inclusion),
		Consistency: len(task.Consistency),
		Earlier:     len(task.Earlier),
		Roots:       log.roots,
		Read:        slices.Sorted(maps.Keys(log.files.read)),
	}, nil
}

func openLog(directory string, by signer) (*tiledLog, error) {
	data, err := os.ReadFile(filepath.Join(directory, "checkpoint"))
	if err != nil {
		return nil, err
	}
	tree, err := openCheckpoint(data, by)
	if err != nil {
		return nil, err
	}
	files := &tileFiles{directory: directory, read: map[string]bool{}}
	hashes := tlog.TileHashReader(tree, files)
	return &tiledLog{tree: tree, files: files, hashes: hashes, roots: map[int64]tlog.Hash{}}, nil
}

// checkBundles hashes every entry of every bundle and demands that leaf of the tree.
func (log *tiledLog) checkBundles() ([]tlog.Hash, error) {
	var leaves []tlog.Hash
	var indexes []int64
	for first := int64(0); first < log.tree.N; first += tileWidth {
		width := int(min(tileWidth, log.tree.N-first))
		tile := tlog.Tile{H: tileHeight, L: dataLevel, N: first / tileWidth, W: width}
		bundle, err := log.files.load(tile)
		if err != nil {
			return nil, err
		}
		for range width {
			var entry []byte
			if entry, bundle, err = cutEntry(bundle); err != nil {
				return nil, fmt.Errorf("%s: %w", tilePath(tile), err)
			}
			indexes = append(indexes, tlog.StoredHashIndex(0, int64(len(leaves))))
			leaves = append(leaves, tlog.RecordHash(entry))
		}
		if len(bundle) > 0 {
			return nil, fmt.Errorf("%s: %d bytes after the last entry", tilePath(tile), len(bundle))
		}
	}
	proven, err := log.hashes.ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	for index, leaf := range leaves {
		if proven[index] != leaf {
			return nil, fmt.Errorf("entry %d is not the tree's", index)
		}
	}
	return leaves, nil
}

func cutEntry(bundle []byte) (entry, rest []byte, err error) {
	if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
		return nil, nil, errors.New("the bundle is cut short")
	}
	end := 2 + int(binary.BigEndian.Uint16(bundle))
	return bundle[2:end], bundle[end:], nil
}

func (log *tiledLog) rootAt(size int64) (tlog.Hash, error) {
	if root, known := log.roots[size]; known {
		return root, nil
	}
	root, err := tlog.TreeHash(size, log.hashes)
	if err == nil {
		log.roots[size] = root
	}
	return root, err
}

// checkInclusion checks the log's proof, x/mod's own, and that they are the same hashes in order.
func (log *tiledLog) checkInclusion(given inclusion, leaves []tlog.Hash) error {
	if given.Index < 0 || given.Index >= given.Size || given.Size > log.tree.N {
		return errors.New("it is not in the tree")
	}
	root, err := log.rootAt(given.Size)
	if err != nil {
		return err
	}
	leaf := leaves[given.Index]
	if err := tlog.CheckRecord(given.Path, given.Size, root, given.Index, leaf); err != nil {
		return err
	}
	own, err := tlog.ProveRecord(given.Size, given.Index, log.hashes)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(own, given.Size, root, given.Index, leaf); err != nil {
		return err
	}
	if !slices.Equal(own, given.Path) {
		return errors.New("another proof than x/mod's own")
	}
	return nil
}

func (log *tiledLog) checkConsistency(given consistency) error {
	if given.Old < 1 || given.Old > given.New || given.New > log.tree.N {
		return errors.New("these are no two sizes of the log")
	}
	old, err := log.rootAt(given.Old)
	if err != nil {
		return err
	}
	root, err := log.rootAt(given.New)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(given.Path, given.New, root, given.Old, old); err != nil {
		return err
	}
	own, err := tlog.ProveTree(given.New, given.Old, log.hashes)
	if err != nil {
		return err
	}
	if !slices.Equal(own, given.Path) {
		return errors.New("another proof than x/mod's own")
	}
	return nil
}

// checkEarlier proves that a checkpoint of before states a prefix of the log.
func (log *tiledLog) checkEarlier(data []byte, by signer) error {
	tree, err := openCheckpoint(data, by)
	if err != nil {
		return err
	}
	if tree.N > log.tree.N {
		return fmt.Errorf("it states %d entries, the log has %d", tree.N, log.tree.N)
	}
	proof, err := tlog.ProveTree(log.tree.N, tree.N, log.hashes)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, log.tree.N, log.tree.Hash, tree.N, tree.Hash)
}

// tileFiles is x/mod's TileReader over files, and remembers which it read.
type tileFiles struct {
	directory string
	read      map[string]bool
}

func (files *tileFiles) Height() int { return tileHeight }

func (files *tileFiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (files *tileFiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		var err error
		if data[i], err = files.load(tile); err != nil {
			return nil, err
		}
	}
	return data, nil
}

func (files *tileFiles) load(tile tlog.Tile) ([]byte, error) {
	name := tilePath(tile)
	data, err := os.ReadFile(filepath.Join(files.directory, filepath.FromSlash(name)))
	files.read[name] = true
	return data, err
}

// tilePath names a tile as C2SP tlog-tiles does, where x/mod's Tile.Path has the height as well.
func tilePath(tile tlog.Tile) string {
	level := "entries"
	if tile.L != dataLevel {
		level = fmt.Sprint(tile.L)
	}
	number := fmt.Sprintf("%03d", tile.N%1000)
	for above := tile.N / 1000; above > 0; above /= 1000 {
		number = fmt.Sprintf("x%03d/%s", above%1000, number)
	}
	name := fmt.Sprintf("tile/%s/%s", level, number)
	if tile.W != tileWidth {
		name += fmt.Sprintf(".p/%d", tile.W)
	}
	return name
}
