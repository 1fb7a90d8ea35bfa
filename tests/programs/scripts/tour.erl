-module(tour).
-export([main/0]).

fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).

main() ->
    io:format("~p~n", [fib(16)]),
    Me = self(),
    [spawn(fun() -> Me ! {I, fib(I rem 10)} end) || I <- lists:seq(1, 50)],
    io:format("~p~n", [lists:sum([receive {I, V} -> V end || I <- lists:seq(1, 50)])]),
    Sums = lists:foldl(fun(I, A) -> maps:update_with(I rem 77, fun(X) -> X + I end, I, A) end, #{}, lists:seq(1, 3000)),
    io:format("~p ~w~n", [lists:sum(maps:values(Sums)), 1 bsl 200]),
    io:format("~p~n", [try binary_to_integer(list_to_binary(lists:duplicate(2, $x))) catch error:Reason -> Reason end]),
    {Pid, Monitor} = spawn_monitor(fun() -> exit(gone) end),
    io:format("~p~n", [receive {'DOWN', Monitor, process, Pid, Why} -> Why after 9000 -> late end]),
    io:format("~s ~.10f~n", [string:uppercase("up"), math:pi()]),
    halt(7).
