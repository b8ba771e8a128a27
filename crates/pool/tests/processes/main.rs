//! The process pool with real processes: what it gives, and what it survives.
//!
//! A harness of its own, since the workers are copies of this executable and must become workers before anything else.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "some of the parts it plays speak to their parents")]

mod deaths;
mod futures;
mod job;
mod parents;
mod results;
mod sandbox;
mod turnover;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// Trials of the given functions, under their names.
macro_rules! trials {
    ($($module:ident: $($name:ident),+ $(,)?;)+) => {
        vec![$($(Trial::test(concat!(stringify!($module), "::", stringify!($name)), || {
            $module::$name();
            Ok(())
        })),+),+]
    };
}

fn main() -> ExitCode {
    if let Some(code) = parents::forgetful() {
        return code;
    }
    if let Some(code) = gleaner_pool::serve::<job::Act>() {
        return code;
    }
    if let Some(code) = gleaner_pool::serve::<sandbox::Try>() {
        return code;
    }
    if let Some(code) = parents::play() {
        return code;
    }
    let trials = trials! {
        results:
            map_gives_what_a_sequential_map_gives,
            an_endless_input_is_read_as_far_as_it_is_needed,
            unordered_results_come_as_they_are_done,
            outputs_of_every_size_come_back_byte_for_byte,
            an_output_over_the_limit_is_an_error_and_the_worker_goes_on,
            a_panic_is_an_error_with_its_place_and_the_worker_goes_on,
            a_panic_of_many_words_is_cut_and_the_worker_goes_on,
            one_failure_among_many_stays_in_its_place,
            what_a_job_says_arrives_before_it_is_done,
            what_a_job_prints_or_reads_does_not_reach_the_wire,
            map_reduce_gives_the_sum_of_all_and_the_errors_beside,
            several_threads_may_share_a_pool,
            several_threads_may_reduce_at_once_and_each_gets_its_own_sum,
            a_panic_beside_the_task_itself_is_an_error_too_and_nobody_waits_for_ever,
            outputs_that_cannot_be_merged_are_lost_wherever_they_meet,
            no_tasks_need_no_workers,
            there_are_never_more_workers_than_tasks,
            outputs_that_find_no_memory_wait_and_their_workers_are_not_late;
        deaths:
            a_worker_that_dies_at_its_task_is_replaced_and_only_the_guilty_task_fails,
            an_exit_status_of_zero_is_no_success,
            a_killed_idle_worker_costs_nothing,
            a_kill_from_outside_is_nobodys_fault,
            half_a_frame_is_thrown_away_with_its_worker,
            junk_on_the_wire_replaces_the_worker,
            a_worker_that_speaks_of_what_it_does_not_hold_or_out_of_turn_is_replaced,
            a_task_over_its_time_is_killed_and_its_neighbours_are_not_blamed,
            where_every_second_task_hangs_every_second_task_fails,
            a_poison_task_among_five_hundred_costs_three_workers_and_nobody_else,
            a_worker_that_grows_is_replaced_after_its_task_and_nothing_is_lost,
            a_stopped_worker_is_replaced_and_nobody_is_blamed,
            a_pipe_that_a_grandchild_keeps_open_holds_nothing_up,
            a_task_over_its_memory_is_killed,
            workers_that_cannot_start_end_the_pool_in_bounded_time,
            workers_that_start_two_times_in_three_suffice,
            a_memory_limit_below_what_a_worker_needs_is_an_error;
        futures:
            many_runs_at_once_each_get_their_own_output,
            a_stream_gives_what_map_gives_and_an_unordered_one_the_same_with_indices,
            a_task_that_kills_its_worker_is_an_error_in_its_own_future_and_in_no_other,
            a_run_that_is_dropped_while_it_waits_is_never_begun,
            a_run_that_is_dropped_while_it_is_under_way_holds_nothing_up,
            a_dropped_stream_begins_nothing_more_and_the_pool_goes_on,
            a_stream_takes_no_more_tasks_than_it_needs,
            a_runtime_of_one_thread_goes_on_while_tasks_run,
            blocking_calls_inside_a_runtime_block_and_end,
            a_pool_may_take_its_tasks_from_another_pool,
            a_pool_that_cannot_start_workers_ends_every_future_with_the_reason;
        turnover:
            a_quota_of_one_gives_each_task_a_process_of_its_own,
            no_worker_gets_more_than_its_quota,
            a_planned_end_is_never_taken_for_a_death,
            jitter_only_ever_takes_from_the_quota,
            two_workers_with_a_quota_of_two_do_seven_tasks_in_four_rounds,
            replacements_are_ready_before_they_are_needed;
        parents:
            a_parent_killed_outright_takes_its_workers_with_it,
            a_parent_killed_outright_takes_its_grandchildren_with_it,
            a_thread_that_a_task_leaves_behind_does_not_keep_its_worker,
            a_dropped_core_ends_a_worker_that_has_not_taken_all_it_was_sent,
            a_program_that_forgets_to_serve_gets_an_error_and_no_tree_of_processes,
            a_program_that_prints_before_it_serves_is_told_what_is_wrong,
            a_pool_may_name_the_variable_that_makes_its_workers,
            an_input_that_ends_while_workers_are_replaced_leaves_no_process,
            a_replaced_executable_goes_on_starting_workers,
            dropping_a_pool_ends_its_workers_whatever_they_do,
            a_pool_with_large_outputs_under_way_can_be_dropped,
            workers_killed_before_they_were_ready_are_replaced,
            a_lack_of_file_descriptors_costs_workers_and_no_results;
        sandbox:
            a_confined_worker_can_do_none_of_what_it_does_not_need,
            a_confined_worker_can_do_what_it_needs,
            every_thread_of_a_confined_worker_is_filtered_and_none_dumps_core,
            what_root_can_read_by_its_rights_alone_stays_readable_and_no_other_right_stays,
            a_worker_has_no_variables_of_its_parent_but_those_that_are_named,
            a_confined_worker_that_aborts_is_a_lost_one_like_any_other,
            each_wall_stands_without_the_other_and_what_lacks_is_named;
    };
    let mut arguments = Arguments::from_args();
    // Most of them wait most of the time.
    arguments.test_threads = arguments.test_threads.or(Some(4));
    libtest_mimic::run(&arguments, trials).exit_code()
}
