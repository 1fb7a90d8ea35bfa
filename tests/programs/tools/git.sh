# git on a repository of its own: every object, ref and pack it makes.
set -e
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE="1700000000 +0000" GIT_COMMITTER_DATE="1700000000 +0000" GIT_PAGER=cat
export HOME=$PWD
git config --global user.name "A U Thor"; git config --global user.email author@example.com
git config --global init.defaultBranch main; git config --global advice.detachedHead false
git init -q repo; cd repo
seq 100 > numbers; echo "hello" > text; git add .; git commit -q -m first
git checkout -q -b side; sed -i 's/^50$/fifty/' numbers; git commit -qam side; git log --oneline --all --graph
git checkout -q main; echo more >> text; git commit -qam main; git merge -q --no-edit side
git log --format='%h %an %ad %s' --date=iso; git branch -a; git show --stat HEAD^ | cat; git diff HEAD~1 HEAD
echo conflict > text; git commit -qam ours; git checkout -q side; echo theirs > text; git commit -qam theirs
git merge main || echo "conflict $?"
git status --short; git checkout -q --ours text; git add text; git commit -q -m merged; git rebase -q main 2>&1 | tail -n 1 || true
git rebase --abort 2>/dev/null || true
git tag -a v1 -m tag; git describe; git stash list; git gc -q; git fsck --strict;
git rev-parse HEAD main side
cd ..; git clone -q repo copy; cd copy; git log --oneline | cat; git rev-parse HEAD
git clone -q --bare --no-local ../repo ../bare.git; git remote -v | sed "s|$HOME|~|"
echo pushed > new; git add new; git commit -qm pushed; git push -q ../bare.git HEAD:pushed; git ls-remote ../bare.git
git format-patch -1 --stdout > ../p; cd ../repo; git am -q < ../p; git blame -s new; git grep -n fifty; git worktree add -q ../tree; ls ../tree
git archive HEAD | tar -tf - 
