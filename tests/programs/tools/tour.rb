# Processes, pipes, threads and signals of Ruby.
puts RUBY_PLATFORM
reader, writer = IO.pipe
pid = fork { reader.close; writer.puts "child"; exit 3 }
writer.close
Process.wait(pid)
puts $?.exitstatus, reader.gets, `echo sub`, Thread.new { 6 * 7 }.value
queue = Queue.new
threads = 3.times.map { Thread.new { queue.pop ** 2 } }
3.times { |n| queue << n }
p threads.map(&:value).sort
trap("USR1") { puts "usr1" }
Process.kill("USR1", $$)
sleep 0.01
IO.popen(["tr", "a-z", "A-Z"], "r+") { |io| io.write("popen\n"); io.close_write; puts io.read }
p system("exit 4"), $?.exitstatus, 2**100, "caf\u00e9".upcase, [3, 1, 2].sort.each_slice(2).to_a
