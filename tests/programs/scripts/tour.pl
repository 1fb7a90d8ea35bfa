use strict; use warnings; use utf8;
use lib '.'; use Tour::Local qw(double); use List::Util qw(sum reduce shuffle first); use POSIX qw(floor fmod strftime);
use Data::Dumper; use Digest::MD5 qw(md5_hex); use Digest::SHA qw(sha256_hex); use MIME::Base64; use Encode; use Time::Local;
use Storable qw(freeze thaw); use File::Find; use File::Temp qw(tempfile); use Math::BigInt; use Text::Wrap; use Getopt::Long;
binmode STDOUT, ':utf8'; $Data::Dumper::Sortkeys = 1; $Data::Dumper::Indent = 1; $| = 1;
print double(21), " $Tour::Local::VERSION ", __FILE__, " ", __LINE__, "\n";
printf "%s %5.2f|%-8s|%08b|%x|%e|%g|%3\$s %vd\n", "text", 3.14159, "left", 10, 255, 12345.678, 1e-7, "1.22.333";
print join(",", map { sprintf "%.15g", $_ / 7 } 1 .. 20), "\n", 1/3, " ", 1e21, " ", -17 % 5, " ", 2**0.5, " ", 9**20, " ", 0x7fffffffffffffff + 1, "\n";
my $text = "The year 1999 and 2024-02-29; straße ΑΒΓ";
print "$1/$2/$3\n" if $text =~ /(\d{4})-(\d\d)-(\d\d)/;
my %named; if ($text =~ /(?<word>\p{Greek}+)/) { print "$+{word} ", lc $+{word}, "\n" }
(my $changed = $text) =~ s/(\w+)/\u\L$1/g; print "$changed\n"; print join("|", split /[\s;]+/, $text), "\n";
my $nested = qr/\((?:[^()]++|(?R))*\)/; print "nested $&\n" if "a(b(c)d)(e" =~ $nested; (my $x = "aabbcc") =~ tr/a-c/A-C/; print $x, "\n";
print "look ", join(",", "price 100 USD 200 EUR" =~ /(\d+)(?=\sEUR)|(?<=price )(\d+)/g ? "yes" : "no"), " ", ucfirst(reverse("dlrow")), "\n";
my @sorted = sort { $b->[1] <=> $a->[1] || $a->[0] cmp $b->[0] } map { [ $_, length ] } qw(pear fig banana apple kiwi); print join(" ", map { $_->[0] } @sorted), "\n";
my %h = map { $_ => $_ ** 2 } 1 .. 10; print join(",", map { "$_=$h{$_}" } sort { $a <=> $b } keys %h), "\n"; delete @h{1 .. 8};
print Dumper({ list => [ 1, 'two', [ 3.5 ] ], hash => \%h, code => \"ref", undef => undef });
print unpack("H*", pack("A3 n N v V C w a5 d> q", "abcdef", 1, 2, 3, 4, 255, 300, "xy", 1.5, -2)), " ", join(",", unpack("(A2)*", "aabbc")), "\n";
print md5_hex("x" x 100000), " ", sha256_hex("abc"), " ", encode_base64("perl on riscv"), Math::BigInt->new("123456789")->bpow(7), "\n";
print strftime("%Y-%m-%d %H:%M:%S", gmtime 1e9), " ", timegm(0, 0, 0, 1, 0, 100), " ", floor(-2.5), " ", fmod(7, 3), " ", sum(1 .. 100), "\n";
print length(encode("UTF-8", $text)), " ", decode("UTF-8", "\xc3\xa9"), " ", ord("é"), " ", thaw(freeze([ 1, { a => 2 } ]))->[1]{a}, "\n";
open my $out, '>:utf8', 'perl.txt' or die; print $out "line $_ é\n" for 1 .. 5; close $out; open my $in, '<', 'perl.txt' or die; my @lines = <$in>; close $in; print scalar(@lines), " ", -s 'perl.txt', "\n";
open my $edit, '+<', 'perl.txt' or die; seek $edit, 5, 0; print $edit 'X'; truncate $edit, 20; close $edit; rename 'perl.txt', 'perl2.txt'; mkdir 'dir', 0700; symlink 'perl2.txt', 'dir/link';
my @found; find({ wanted => sub { push @found, $File::Find::name }, no_chdir => 1 }, '.'); print join(" ", sort @found), "\n";
print join(" ", sort glob("*.txt dir/*")), " ", (stat 'perl2.txt')[7], " ", readlink('dir/link'), " ", (-d 'dir' ? "dir" : ""), (open(my $no, '<', 'none') ? "" : " $!"), "\n";
sub fib { my $n = shift; $n < 2 ? $n : fib($n - 1) + fib($n - 2) } print fib(18), "\n"; { local $@; eval { die { code => 42 } }; print "caught $@->{code}\n"; eval { my $z = 0; 1 / $z }; print $@ }
local $SIG{ALRM} = sub { die "alarm\n" }; eval { alarm 1; select undef, undef, undef, 5; 1 } or print "interrupted: $@"; local $SIG{USR1} = sub { print "usr1\n" }; kill USR1 => $$;
my $closure = do { my $n = 10; sub { $n++ } }; $closure->() for 1 .. 5; print $closure->(), "\n"; print wrap("", "  ", "word " x 30), "\n"; local $_ = "stdin"; while (<STDIN>) { chomp; print "$.: ", scalar reverse, "\n" }
format STDOUT =
@<<<<<< @>>>>>> @##.##
"left", "right", 3.14159
.
write; my $s = sprintf "%s", 0.1 + 0.2; print "$s\n"; warn "a warning\n"; $SIG{__DIE__} = sub { print STDERR "dying: $_[0]" }; $! = 5; die "the end\n";
